"""The few web pages: sign in, consent, my apps, who looked, the register of apps."""
