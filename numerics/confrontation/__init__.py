"""The property-based confrontation: laws that decide between the two sides of the dispute, put to random networks.

`errorflow.numerics.confrontation.run` collects the laws and runs them; a module of this folder holds those of one topic.
"""
