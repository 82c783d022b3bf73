// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FoundationEssentials

/// Reads YAML files to a consistent `Configuration`, or says everything that is wrong with them.
public enum ConfigurationReader {
    public static let fileBytesMax = 4 * 1024 * 1024
    public static let filesMax = 1_000

    /// One file's content, read but not understood.
    public struct File: Hashable, Sendable {
        /// As given, or the given directory and the name in it.
        public var path: String
        public var bytes: [UInt8]
        public init(path: String, bytes: [UInt8]) {
            self.path = path
            self.bytes = bytes
        }
    }

    /// Reads files and directories; blocks.
    public static func read(paths: [String]) throws(ConfigurationProblems) -> Configuration {
        try decode(try files(at: paths))
    }

    /// The files that `paths` stand for: themselves, or the `*.yaml` and `*.yml` of a directory by name, subdirectories
    /// not included.
    public static func files(at paths: [String]) throws(ConfigurationProblems) -> [File] {
        var problems: [ConfigurationProblem] = []
        var files: [File] = []
        for path in expand(paths, problems: &problems) {
            do throws(BoundedFile.ReadError) {
                files.append(File(path: path, bytes: try BoundedFile.read(path, bytesMax: fileBytesMax)))
            } catch {
                problems.append(ConfigurationProblem(file: path, message: "cannot read: \(error)"))
            }
        }
        if problems.isEmpty { return files }
        throw ConfigurationProblems(problems)
    }

    private static func expand(_ paths: [String], problems: inout [ConfigurationProblem]) -> [String] {
        var expanded: [String] = []
        for path in paths {
            var isDirectory = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else {
                expanded.append(path)
                continue
            }
            let names = listing(of: path)
            if names.isEmpty {
                problems.append(
                    ConfigurationProblem(
                        file: path, message: "the directory has no *.yaml or *.yml file that can be listed"))
            }
            expanded += names.map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
        }
        if expanded.count > filesMax {
            problems.append(
                ConfigurationProblem(file: paths.first ?? "", message: "\(expanded.count) files; allowed: \(filesMax)"))
            return []
        }
        return expanded
    }

    /// Hidden files are left out: editors and mounted volumes keep their own things there.
    private static func listing(of directory: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }.sorted()
    }

    /// The pure part: bytes in, values or problems out.
    public static func decode(_ files: [File]) throws(ConfigurationProblems) -> Configuration {
        let context = DecodingContext()
        var decoder = DocumentDecoder(context: context)
        // 1. Trees to values, file by file.
        for file in files { decode(file, with: &decoder) }
        if !decoder.resources.policyBundles.isEmpty {
            decoder.isCatalog = true
            for file in Catalog.files { decode(file, with: &decoder) }
        }
        // 2. What spans documents.
        context.checkReferences()
        decoder.resources.currency = context.checkCurrencies()
        context.checkRoutes(of: decoder.resources)
        context.checkRoundTrips(of: decoder.resources.regions)
        context.checkResidency(of: decoder.resources)
        guard context.problems.isEmpty else { throw ConfigurationProblems(inOrder(context.problems, of: files)) }
        // 3. What is legal but doubtful.
        let warnings = inOrder(Advice.warnings(for: decoder.resources, sources: context.sources), of: files)
        return Configuration(resources: decoder.resources, sources: context.sources, warnings: warnings)
    }

    /// What is wrong with a document by itself, whatever it refers to.
    public static func problems(of document: String) -> [ConfigurationProblem] {
        let context = DecodingContext()
        var decoder = DocumentDecoder(context: context)
        decode(File(path: "", bytes: Array(document.utf8)), with: &decoder)
        return context.problems
    }

    private static func decode(_ file: File, with decoder: inout DocumentDecoder) {
        guard file.bytes.count <= fileBytesMax else {
            decoder.context.report(
                ConfigurationProblem(file: file.path, message: "cannot read: larger than \(fileBytesMax) bytes"))
            return
        }
        guard let text = String(validating: file.bytes, as: UTF8.self) else {
            decoder.context.report(ConfigurationProblem(file: file.path, message: "not text: the bytes are not UTF-8"))
            return
        }
        let source = SourceText(file: file.path, text: text)
        let context = decoder.context
        context.begin(source)
        let documents = YAMLDocuments.compose(source) { line, column, message, hint in
            context.report(
                ConfigurationProblem(
                    file: file.path, line: line, column: column, message: message, hint: hint,
                    excerpt: source.excerpt(line: line)))
        }
        for document in documents { decoder.decode(document) }
    }

    /// By file as given, then line: problems of later passes belong beside those of earlier ones.
    private static func inOrder(_ problems: [ConfigurationProblem], of files: [File]) -> [ConfigurationProblem] {
        let rank = Dictionary(files.enumerated().map { ($0.element.path, $0.offset) }) { first, _ in first }
        return problems.sorted { a, b in
            let (left, right) = (rank[a.file] ?? files.count, rank[b.file] ?? files.count)
            return left == right ? a < b : left < right
        }
    }
}
