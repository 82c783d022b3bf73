// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing
internal import Translation

/// How one endpoint performs operations, with request heads made in advance.
struct DispatchPlans {
    /// One operation. A class, so that dispatching copies a reference and not its arrays.
    final class Plan {
        let speech: OperationPlan.Speech
        let framing: OperationPlan.Framing
        let modelPlace: OperationPlan.ModelPlace
        /// Whose signatures the endpoint makes and takes back.
        let origin: SignatureOrigin?
        /// Value of the `Host` field, as signatures need it.
        let host: String
        private let head: [UInt8]
        private let streamHead: [UInt8]
        private let target: [UInt8]
        private let streamTarget: [UInt8]

        init(_ plan: OperationPlan, _ address: UpstreamAddress, addsHeaders: Bool) {
            speech = plan.speech
            framing = plan.framing
            modelPlace = plan.modelPlace
            origin = plan.origin
            host = address.hostField
            target = Array(plan.path.utf8)
            streamTarget = Array(plan.streamPath.utf8)
            let lines = addsHeaders ? plan.headerLines : ""
            head = UpstreamRequestHead.prefix(address: address, path: plan.path, headerLines: lines)
            streamHead = UpstreamRequestHead.prefix(address: address, path: plan.streamPath, headerLines: lines)
        }

        /// Path and query, apart.
        func withTarget<Result>(
            isStream: Bool, _ body: (_ path: UnsafeRawBufferPointer, _ query: UnsafeRawBufferPointer) -> Result
        ) -> Result {
            (isStream ? streamTarget : target).withUnsafeBytes { target in
                let mark = target.firstIndex(of: 63) ?? target.count
                return body(
                    UnsafeRawBufferPointer(rebasing: target[..<mark]),
                    UnsafeRawBufferPointer(rebasing: target[min(mark + 1, target.count)...]))
            }
        }

        /// Request line and the headers that depend only on the endpoint.
        func withHead(isStream: Bool, _ body: (UnsafeRawBufferPointer) -> Void) {
            (isStream ? streamHead : head).withUnsafeBytes(body)
        }
    }

    private let plans: [Plan?]
    /// For callers that send the wire's own headers themselves.
    private let bare: [Plan?]
    /// What a wire that demands a bound on the answer is told when the caller states none.
    let outputTokensDefault: Int64
    let capabilities: Capabilities

    init(_ record: EndpointRecord) {
        let made = Operation.allCases.map { operation in
            record.plans[operation].map { Plan($0, record.address, addsHeaders: true) }
        }
        plans = made
        bare = zip(Operation.allCases, made).map { operation, plan in
            guard let declared = record.plans[operation], declared.isNative, !declared.headerLines.isEmpty else {
                return plan
            }
            return Plan(declared, record.address, addsHeaders: false)
        }
        outputTokensDefault = record.outputTokensDefault
        var capabilities = Capabilities()
        capabilities.thinking = record.thinking
        capabilities.takesSampling = record.takesSampling
        capabilities.schemas = record.schemas
        self.capabilities = capabilities
    }

    func plan(_ operation: Operation, hasOwnHeaders: Bool) -> Plan? {
        hasOwnHeaders ? bare[Int(operation.rawValue)] : plans[Int(operation.rawValue)]
    }
}

extension EndpointTarget.Home {
    init(_ home: OperationPlan.Home) {
        switch home {
        case .own: self = .own
        case .bedrock: self = .bedrock
        case .vertex: self = .vertex
        case .compatible: self = .compatible
        }
    }
}

extension EmbeddingFamily {
    init(_ family: OperationPlan.EmbeddingsFamily) {
        switch family {
        case .titan: self = .titan
        case .nova: self = .nova
        case .cohere: self = .cohere
        case .vertex: self = .vertexPredict
        case .gemini: self = .batchEmbedContents
        }
    }
}
