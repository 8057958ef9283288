//! The files of a program.

use super::found;
use crate::check_file;
use dlm_base::files::MemFiles;

#[test]
fn a_program_knows_the_files_that_it_reads() {
    let rows = |n: usize| "x,y,side\n".to_string() + &"1,2,left\n3,4,right\n".repeat(n);
    let mut answers = b"\x93NUMPY\x01\x00".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (6, 2), }\n";
    answers.extend((header.len() as u16).to_le_bytes());
    answers.extend(header.as_bytes());
    answers.extend([0; 4 * 6 * 2]);
    let mut files = MemFiles::default();
    files.put("nets/data/train.csv", rows(3));
    files.put("nets/data/test.csv", rows(2));
    files.put("nets/answers.npy", answers);
    files.put(
        "nets/a.dlm",
        "data Points {\n    train = csv(\"data/train.csv\", target = \"side\")\n    \
         valid = csv(\"data/test.csv\", target = \"side\")\n    \
         test = csv(\"data/test.csv\", target = \"side\")\n}\n\
         data Iris { source = builtin(\"iris\") }\n\
         load answers(\"answers.npy\") on Points as Api\n\
         model Net(x: [2]) { x -> dense(2) }\n\
         distill Net from Api on Points { loss = soft_targets }\n\
         model Other(x: [4]) { x -> dense(3) }\n\
         train Other on Iris\n",
    );
    let checked = check_file("nets/a.dlm", &files, &[]);
    assert_eq!(found(&checked), [""; 0]);
    let named: Vec<&str> = checked.program.files().into_iter().collect();
    assert_eq!(named, ["nets/answers.npy", "nets/data/test.csv", "nets/data/train.csv"]);
}
