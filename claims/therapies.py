"""Therapies, chatting, waiting."""

from claims._record import BASE, Claim, Contrast, course

CHAT, WAIT = course(therapy="chatting"), course(therapy="wait_list")
OUT = {"session_excess": 1, "therapist_rise": 1, "stranger_rise": 1, "loosened": 1, "fell_by_follow_up": 1}

CLAIM = Claim(
    order=18,
    name="therapies",
    claim="Therapies change more than plain chatting, and chatting more than waiting.",
    mechanism="`therapy`: profiles of emotion, cognition, stress, safety, narrative and practice; on a waiting list "
    "nobody meets.",
    status="built in",
    why="Profiles put conditions of change into therapies and leave them out of chatting. How much synchrony itself "
    "differs between them is emergent.",
    contradicted="Chatting that does as well as a therapy.",
    grade="O",
    evidence="34 clients: alliance and neural synchrony (rTPJ) were higher in counselling than in chatting.",
    against="Bona fide therapies differ little; the profiles are guesses. People on waiting lists improve as well.",
    contrasts=(
        Contrast("cognitive-behavioural − chatting", BASE, CHAT, OUT, "condition"),
        Contrast("emotion-focused − chatting", course(therapy="emotion_focused"), CHAT, OUT, "condition"),
        Contrast("mindfulness − chatting", course(therapy="mindfulness"), CHAT, OUT, "condition"),
        Contrast("supportive − chatting", course(therapy="supportive"), CHAT, OUT, "condition"),
        Contrast(
            "chatting − waiting",
            CHAT,
            WAIT,
            {"therapist_rise": 1, "stranger_rise": 1, "loosened": 1, "fell_by_follow_up": 1},
            "condition",
        ),
    ),
    judged_by="condition",
)
