// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What `isobar up` tells when it is ready: everything on it works when pasted.
struct Banner {
    var address: String
    var admin: String
    var key: String
    var plan: DemoPlan
    var directory: String
    var members: [ModelServerFleet.Member]
    var isReal: Bool
    var program: String

    var text: String {
        let answers =
            isReal
            ? "real answers from SmolLM2-135M-Instruct"
            : "made-up answers with real timing (the real model is not installed)"
        let model = plan.chatModel
        let headers = "-H 'Authorization: Bearer \(key)' -H 'Content-Type: application/json'"
        return """

            \(table)

            Isobar is up: \(answers).

              address   http://\(address)/v1
              key       \(key)          (made for this run)
              models    \(model), \(plan.embeddingModel)

            Ask:

              curl http://\(address)/v1/chat/completions \(headers) \\
                -d '{"model":"\(model)","messages":[{"role":"user","content":"Give me one tip for learning to swim."}],"max_tokens":32}'

              curl http://\(address)/v1/embeddings \(headers) \\
                -d '{"model":"\(plan.embeddingModel)","input":["Heavy rain is coming.","A storm is on its way."]}'

            Python (pip install openai):

              from openai import OpenAI
              client = OpenAI(base_url="http://\(address)/v1", api_key="\(key)")
              stream = client.chat.completions.create(model="\(model)", stream=True, max_tokens=64,
                  messages=[{"role": "user", "content": "Tell me about monsoons."}])
              for chunk in stream:
                  print(chunk.choices[0].delta.content or "", end="", flush=True)

            Data that may not go everywhere (451 says which rule, and where; docs/guides/trust.md):

            \(tenantLines)
            A budget of \(DemoTenant.trial.dollarsPerDay ?? "") dollars a day, which ends (402 says which, and when it frees):

              for n in 1 2 3 4 5 6 7 8 9 10; do curl -s -w '\\n%{http_code}\\n' http://\(address)/v1/chat/completions \\
                -H "Authorization: Bearer $(cat \(directory)/\(DemoTenant.trial.keyFile))" \\
                -d '{"model":"\(plan.chatModel)","messages":[{"role":"user","content":"Hello."}],"max_tokens":8}'; done

            What happened, in a log that cannot be rewritten unnoticed (docs/guides/audit.md):

              \(program) audit verify \(directory)/audit
              \(program) audit prove \(directory)/audit REQUEST-ID     the answer's header x-isobar-request-id; a second later

            Look:

              \(program) status --admin \(admin)
              \(program) route explain --model \(model) --key bank-in --admin \(admin)
              \(program) residency check \(directory)/isobar.yaml
              curl http://\(admin)/metrics
              configuration, logs: \(directory)

            Break it:  kill -9 \(members.first?.process.identifier ?? 0)     the default region's server dies; requests go on elsewhere
            Ctrl-C stops everything.

            """
    }

    private var tenantLines: String {
        DemoTenant.restricted.map { tenant in
            """
              curl -i http://\(address)/v1/chat/completions -H "Authorization: Bearer $(cat \(directory)/\(tenant.keyFile))" \\
                -d '{"model":"\(plan.chatModel)","messages":[{"role":"user","content":"Hello."}],"max_tokens":8}'

            """
        }.joined()
    }

    private var table: String {
        var table = Table([
            ("REGION", false), ("ROLE", false), ("SERVES", false), ("MODEL SERVER", false), ("PID", true),
        ])
        for member in members {
            let server = member.server
            table.append([
                server.region.region, server.region.region == plan.regions[0].region ? "default" : "overflow",
                server.serves.joined(separator: ", "), "http://127.0.0.1:\(server.port)",
                "\(member.process.identifier)",
            ])
        }
        return table.text
    }
}
