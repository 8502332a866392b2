//! The real program, from outside: its words, its exit codes, and what it does to an installation.

#[cfg(test)]
mod clock;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod import;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod people;
#[cfg(test)]
mod process;
#[cfg(test)]
mod ready;
#[cfg(test)]
mod restored;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod sweeping;
#[cfg(test)]
mod words;
#[cfg(test)]
mod world;
