"""The rules, one room per domain of the mission. Pure: the answer depends only on the arguments."""
