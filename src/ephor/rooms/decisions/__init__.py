"""The whole answer to a call: may this agent do this, now, with these arguments?"""
