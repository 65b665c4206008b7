//! All SQL: one file an aggregate, transactions, the job ledger.
