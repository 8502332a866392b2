//! Attacks on the judge of changes: made repositories, saved pages, and exactly what must be found.

mod history;
mod made;
mod pushes;
mod real;
mod reviews;
mod scene;
