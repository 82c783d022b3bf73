// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Telemetry

@Suite("Metrics pages are Prometheus text")
struct PrometheusTextTests {
    private func page(_ write: (inout PrometheusText, inout [UInt8]) -> Void) -> String {
        var writer = PrometheusText()
        var bytes: [UInt8] = []
        write(&writer, &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("a family has its help, its type and its samples")
    func family() {
        let text = page { writer, bytes in
            writer.begin(.requests, into: &bytes)
            writer.sample([("route", "chat"), ("outcome", "ok")], Int64(3), into: &bytes)
            writer.sample([], Int64(-1), into: &bytes)
        }
        #expect(
            text == """
                # HELP isobar_requests_total \(Metric.requests.help)
                # TYPE isobar_requests_total counter
                isobar_requests_total{route="chat",outcome="ok"} 3
                isobar_requests_total -1

                """)
    }

    @Test("label values are escaped")
    func escaping() {
        let text = page { writer, bytes in
            writer.begin(.inFlight, into: &bytes)
            writer.sample([("endpoint", "a\"b\\c\nd}é")], Int64(1), into: &bytes)
        }
        #expect(text.hasSuffix("isobar_endpoint_in_flight_requests{endpoint=\"a\\\"b\\\\c\\nd}é\"} 1\n"))
    }

    @Test("histogram buckets are cumulative and end with +Inf, which is the count")
    func histogram() {
        let text = page { writer, bytes in
            writer.begin(.timeToFirstToken, into: &bytes)
            writer.histogram(
                [("gen_ai_system", "vllm")], bounds: [0.001, 0.5, 2], counts: [1, 0, 4, 2], sum: 10.25, into: &bytes)
        }
        let name = "gen_ai_server_time_to_first_token_seconds"
        #expect(
            text.split(separator: "\n").dropFirst(2) == [
                "\(name)_bucket{gen_ai_system=\"vllm\",le=\"0.001\"} 1",
                "\(name)_bucket{gen_ai_system=\"vllm\",le=\"0.5\"} 1",
                "\(name)_bucket{gen_ai_system=\"vllm\",le=\"2\"} 5",
                "\(name)_bucket{gen_ai_system=\"vllm\",le=\"+Inf\"} 7",
                "\(name)_sum{gen_ai_system=\"vllm\"} 10.25", "\(name)_count{gen_ai_system=\"vllm\"} 7",
            ])
    }

    @Test(
        "numbers are written as Prometheus reads them",
        arguments: [
            (0.0, "0"), (-0.0, "0"), (1.5, "1.5"), (1e15, "1000000000000000"), (1e300, "1e+300"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"),
            (.nan, "NaN"), (2.5e-7, "2.5e-07"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) {
        let line = page { writer, bytes in
            writer.begin(.headroom, into: &bytes)
            writer.sample([], value, into: &bytes)
        }
        #expect(line.hasSuffix("isobar_endpoint_headroom_ratio \(text)\n"))
    }

    @Test(
        "names are checked",
        arguments: [
            ("a", true, true), ("_a1", true, true), ("a:b", true, false), ("1a", false, false), ("", false, false),
            ("a-b", false, false),
            ("a b", false, false), ("__a", true, false), ("le", true, false),
        ] as [(StaticString, Bool, Bool)])
    func names(name: StaticString, isMetric: Bool, isLabel: Bool) {
        #expect(PrometheusText.isMetricName(name) == isMetric)
        #expect(PrometheusText.isLabelName(name) == isLabel)
    }

    @Test("a wrong label name is a bug that stops the process")
    func exit() async {
        await #expect(processExitsWith: .failure) {
            var bytes: [UInt8] = []
            PrometheusText().sample([("le", "1")], Int64(1), into: &bytes)
        }
    }

    @Test("metric names follow the conventions: unique, legal, counters end in _total, seconds for time")
    func conventions() {
        let names = Metric.all.map(\.name.description)
        #expect(Set(names).count == names.count)
        for metric in Metric.all {
            #expect(PrometheusText.isMetricName(metric.name))
            #expect((metric.kind == .counter) == metric.name.description.hasSuffix("_total"))
            #expect(!metric.name.description.hasSuffix("_count") && !metric.name.description.contains("milliseconds"))
        }
    }
}
