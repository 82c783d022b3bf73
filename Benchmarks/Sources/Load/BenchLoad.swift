// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// A load generator on loopback for servers that speak OpenAI's or Anthropic's API.
@main
struct BenchLoad {
    static func main() {
        do {
            let plan = try Plan(CommandLine.arguments.dropFirst())
            try run(plan)
        } catch let failure as Arguments.Failure {
            Console.fail("bench-load: \(failure)\n\n\(Plan.usage)")
        } catch {
            Console.fail("bench-load: \(error)\n")
        }
    }

    private static func run(_ plan: Plan) throws {
        let generator = try LoadGenerator(plan)
        if plan.warmUp > 0 { _ = try generator.run(Budget(requestsMax: nil, duration: plan.warmUp)) }
        guard plan.handshake else { return Console.write(try measure(generator, plan)) }
        Console.write("ready\n")
        while Console.awaitLine() { Console.write(try measure(generator, plan)) }
    }

    private static func measure(_ generator: LoadGenerator, _ plan: Plan) throws -> String {
        try generator.run(Budget(requestsMax: plan.requestsMax, duration: plan.duration)).json(plan)
    }
}
