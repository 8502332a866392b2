//! Probes of real servers.
