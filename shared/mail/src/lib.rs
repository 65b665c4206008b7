//! E-mail templates, rendering and SMTP.
