//! The use cases: authorize, load, decide, save, enqueue.
