// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What `isobar up` tells when it is ready: everything on it works when pasted.
struct Banner {
    var address: String
    var admin: String
    var key: String
    var model: String
    var directory: String
    var members: [ModelServerFleet.Member]
    var isReal: Bool
    var program: String

    var text: String {
        var table = Table([("REGION", false), ("ROLE", false), ("MODEL SERVER", false), ("PID", true)])
        for (index, member) in members.enumerated() {
            table.append([
                member.name, index == 0 ? "default" : "overflow", "http://127.0.0.1:\(member.port)",
                "\(member.process.identifier)",
            ])
        }
        let answers =
            isReal
            ? "real answers from SmolLM2-135M-Instruct"
            : "made-up answers with real timing (the real model is not installed)"
        return """

            \(table.text)

            Isobar is up: \(answers).

              address   http://\(address)/v1
              key       \(key)          (made for this run)
              model     \(model)

            Ask:

              curl http://\(address)/v1/chat/completions -H 'Authorization: Bearer \(key)' -H 'Content-Type: application/json' \\
                -d '{"model":"\(model)","messages":[{"role":"user","content":"Give me one tip for learning to swim."}],"max_tokens":32}'

            Python (pip install openai):

              from openai import OpenAI
              client = OpenAI(base_url="http://\(address)/v1", api_key="\(key)")
              stream = client.chat.completions.create(model="\(model)", stream=True, max_tokens=64,
                  messages=[{"role": "user", "content": "Tell me about monsoons."}])
              for chunk in stream:
                  print(chunk.choices[0].delta.content or "", end="", flush=True)

            Look:

              \(program) status --admin \(admin)
              \(program) route explain --model \(model) --from \(members.first?.name ?? "") --admin \(admin)
              curl http://\(admin)/metrics
              configuration, logs: \(directory)

            Break it:  kill -9 \(members.first?.process.identifier ?? 0)     the default region dies; requests go on elsewhere
            Ctrl-C stops everything.

            """
    }
}
