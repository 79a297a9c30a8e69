"""What people say and what they mean by it: numbers, sums, lengths of time, units, places, names.

Nothing here touches a file or knows of tools. What cannot be understood raises ValueError with a sentence for
the person.
"""
