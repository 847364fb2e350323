//! Compressed files and archives for the tests.

use std::io::Write;

pub fn gz(data: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(data).unwrap();
    gzip.finish().unwrap()
}

pub fn zst(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; zstd_safe::compress_bound(data.len())];
    let length = zstd_safe::compress(out.as_mut_slice(), data, 3).unwrap();
    out.truncate(length);
    out
}

pub fn bz2(data: &[u8]) -> Vec<u8> {
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(data).unwrap();
    bzip2.finish().unwrap()
}

pub fn xz(data: &[u8]) -> Vec<u8> {
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).unwrap();
    xz.write_all(data).unwrap();
    xz.finish().unwrap()
}

pub type Packer = fn(&[u8]) -> Vec<u8>;

/// Every compression, with the ending of its files.
pub const ALL: [(&str, Packer); 4] = [("gz", gz), ("zst", zst), ("bz2", bz2), ("xz", xz)];

/// An archive of files by name and content.
pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, data) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *data).unwrap();
    }
    archive.into_inner().unwrap()
}
