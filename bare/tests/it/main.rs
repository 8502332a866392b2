//! The program as a client sees it, on both databases and over TLS.

#[cfg(test)]
mod program;
#[cfg(test)]
mod routes;
