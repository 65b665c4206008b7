//! Without this, a migration that is new would not be noticed: `sqlx::migrate!` names the files that it found.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
