// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ConfigurationFiles
import ControlPlane
import Doctor
import Glibc
import ResourceTypes
import Routing

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Call each endpoint of a configuration once and say what is wrong.",
        discussion: """
            One tiny real call for each endpoint and model: a word in, at most 16 tokens out. Nothing of an answer is
            shown but the model's name, and no secret. Endpoints that only make images are not asked.

            Examples: isobar doctor isobar.yaml
                      isobar doctor conf.d --endpoint azure-east --timeout 60
                      isobar doctor isobar.yaml --output json
            Exit codes: 0 all are healthy, 1 some are not, 2 configuration refused.
            """)

    @Argument(help: "YAML files or directories.") var files: [String]
    @Option(help: "Only this endpoint, by its document's name. May be repeated.") var endpoint: [String] = []
    @Option(help: "Seconds that one call may take.") var timeout = 30
    @Option(help: "Seconds until the first byte from which on an endpoint is slow.") var slowAfter = 10.0
    @Option(help: "Endpoints called at one time.") var parallel = 8
    @Option(help: "text or json.") var output: OutputFormat = .text

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("Name the configuration: files or directories.") }
        guard (1...3_600).contains(timeout) else { throw ValidationError("--timeout is 1 to 3600.") }
        guard (0...3_600).contains(slowAfter) else { throw ValidationError("--slow-after is 0 to 3600.") }
        guard (1...64).contains(parallel) else { throw ValidationError("--parallel is 1 to 64.") }
    }

    func run() throws {
        // Because: a peer that closes while a TLS record is written would end the process otherwise.
        signal(SIGPIPE, SIG_IGN)
        let snapshot = try load()
        let records = try chosen(from: snapshot)
        let limits = ExaminationLimits(
            timeout: .seconds(Int64(timeout)), connect: .seconds(Int64(min(timeout, 5))),
            slowSeconds: slowAfter, parallel: parallel)
        let authorization = try EndpointAuthorization(records, snapshot.credentialSources, seconds: timeout)
        defer { authorization.stop() }
        let examination = Examination(records, limits: limits) { record, call in
            authorization.lines(for: record, call)
        }
        let count = records.count
        let results = examination.run { done in Terminal.progress(done < count ? "\(done) of \(count) checked" : "") }
        Terminal.print(output == .json ? DoctorReport.json(results) : DoctorReport.text(results))
        if !results.allSatisfy({ $0.diagnosis.verdict == .ok || $0.diagnosis.verdict == .skipped }) {
            throw ExitCode(1)
        }
    }

    private func load() throws -> RoutingSnapshot {
        switch ConfigurationLoader(paths: files, environment: Environment.all, hasAuditLog: true, hasLedger: true).reload(nil, at: .now) {
        case .accepted(let loaded): return loaded.snapshot
        case .unchanged: preconditionFailure("a first load has nothing to be equal to")
        case .rejected(let problems):
            if output == .json {
                Terminal.print("{\"valid\": false, \"problems\": \(try problems.json())}")
            } else {
                for problem in problems { Terminal.note("\(problem)") }
            }
            throw ExitCode(2)
        }
    }

    /// A document that serves several models is several records: `name`, `name/model`.
    private func chosen(from snapshot: RoutingSnapshot) throws -> [EndpointRecord] {
        guard !endpoint.isEmpty else { return snapshot.endpoints }
        func document(_ record: EndpointRecord) -> Substring { record.name.prefix { $0 != "/" } }
        let known = Set(snapshot.endpoints.map(document))
        if let missing = endpoint.first(where: { !known.contains($0[...]) }) {
            throw ValidationError(
                "No endpoint is named '\(missing)'; there are: \(known.sorted().prefix(20).joined(separator: ", ")).")
        }
        return snapshot.endpoints.filter { endpoint.contains(String(document($0))) }
    }
}
