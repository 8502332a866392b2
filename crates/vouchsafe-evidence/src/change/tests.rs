//! Attacks on the judge of changes: made repositories, saved pages, and exactly what must be found.

mod afterwards;
mod answers;
mod gitlab;
mod history;
mod links;
mod made;
mod people;
mod protection;
mod pushes;
mod real;
mod reviews;
mod scene;
