"""People at their browsers: real pages of a running lab, found by what they say."""
