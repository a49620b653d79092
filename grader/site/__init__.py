"""The published site: pages made from the katas, their solutions, the notebooks and the grader's own code."""
