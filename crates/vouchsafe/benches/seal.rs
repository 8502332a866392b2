//! What sealing costs beside raw AES-256-GCM of the same provider.
fn main() {}
