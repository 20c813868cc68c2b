"""Impact assessments: on data protection (GDPR Art. 35) and on fundamental rights (AI Act Art. 27)."""
