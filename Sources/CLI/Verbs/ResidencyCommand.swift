// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ConfigurationFiles
import ControlPlane
import Policy
import ResourceTypes

struct ResidencyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "residency",
        abstract: "See which tenants may use which endpoints, and what a change would open or close.",
        subcommands: [ResidencyCheckCommand.self, ResidencyDiffCommand.self, ResidencyExportCommand.self])
}

/// A moment on the command line: RFC 3339, a date, or now.
struct Moment: ExpressibleByArgument {
    let time: WallTime

    static var now: Moment { Moment(time: .now) }

    private init(time: WallTime) { self.time = time }

    init?(argument: String) {
        guard let time = WallTime(text: argument) else { return nil }
        self.time = time
    }
}

/// Configurations read without their secrets, so that a change can be judged where no key is.
enum ResidencyFiles {
    /// - Throws: `ExitCode(2)` after every problem is told.
    static func read(_ paths: [String], at time: WallTime) throws -> ResidencyCompiler.Output {
        do throws(ConfigurationProblems) {
            return try ResidencyCompiler.compile(try ConfigurationReader.read(paths: paths), at: time)
        } catch {
            for problem in error.all { Terminal.note("\(problem)") }
            throw ExitCode(2)
        }
    }

    /// The same, where a policy is needed to say anything.
    static func readPolicy(_ paths: [String], at time: WallTime) throws -> (ResidencyCompiler.Output, PolicyDocuments) {
        let output = try read(paths, at: time)
        guard let documents = output.policy.documents else {
            throw ValidationError("No PolicyBundle: nothing restricts where data goes (docs/guides/trust.md).")
        }
        return (output, documents)
    }
}
