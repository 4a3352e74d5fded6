"""The command line. Law of the room: words in, words and exit status out; all work is done below."""
