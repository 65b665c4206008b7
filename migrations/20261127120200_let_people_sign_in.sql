-- An expert's or a mentee's own user is made by no member of staff: it comes into being when the person
-- asks for the first sign-in link, which the worker answers.
GRANT INSERT ON users, role_grants TO tandem_worker;
CREATE INDEX mentees_email ON mentees (email) WHERE email IS NOT NULL;
