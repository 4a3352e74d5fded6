"""Two brains that touch only through behaviour, and the reduced pairs that can be solved exactly.

Law of the room: what one person shows is all that the other gets; what learns between two persons is each one's gain
on the other's behaviour.
"""
