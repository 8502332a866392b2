use super::*;

#[test]
fn lock_files_are_read_as_they_were_stored_and_a_part_of_them_is_refused() {
    let content = b"file 4 a b/go.mod\nx\ny\n\nfile 0 Cargo.lock\n\n";
    let files = read_state(content).unwrap();
    assert_eq!(
        files,
        [
            ("a b/go.mod".to_owned(), b"x\ny\n".as_slice()),
            ("Cargo.lock".to_owned(), b"")
        ]
    );
    for end in 1..content.len() {
        if let Ok(files) = read_state(&content[..end]) {
            assert_eq!(&content[..end], b"file 4 a b/go.mod\nx\ny\n\n", "{files:?}");
        }
    }
    assert!(read_state(b"file 1 go.mod\nxy\n").is_err());
}
