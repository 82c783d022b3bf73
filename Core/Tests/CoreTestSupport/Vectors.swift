// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// Public test vectors, which are not part of the repository: in `ISOBAR_SHARED`, or in `shared` beside the repository.
public enum Vectors {
    private static let root: String = {
        if let stated = getenv("ISOBAR_SHARED") { return String(cString: stated) + "/vectors/" }
        // This file is <repository>/Core/Tests/CoreTestSupport/Vectors.swift.
        return #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/../shared/vectors/"
    }()

    /// Whether a folder of vectors is there; says so when it is not.
    public static func areThere(_ folder: String) -> Bool {
        let isThere = access(root + folder, R_OK) == 0
        if !isThere { print("skipped: no shared vectors (\(folder))") }
        return isThere
    }

    /// Names of what is in a folder, sorted.
    public static func names(in folder: String) -> [String] {
        guard let directory = opendir(root + folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// A file's content; nothing when it is not there.
    public static func bytes(_ path: String) -> [UInt8] {
        guard let file = fopen(root + path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}
