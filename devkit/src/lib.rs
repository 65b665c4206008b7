//! Private servers, mail catcher and demo for development and tests.
