//! News from the database, for subscriptions: one listener a process, any number of subscribers.
