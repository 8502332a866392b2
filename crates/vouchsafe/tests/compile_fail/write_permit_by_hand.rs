//! Only a decision makes a permit to write.

use vouchsafe::class::ClassSet;
use vouchsafe::gate::WritePermit;

fn case() -> WritePermit {
    WritePermit { write: ClassSet::ALL }
}

fn main() {}
