"""What people start: the command line, and later the web apps. No logic lives here."""
