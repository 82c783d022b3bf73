// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@Suite struct PlainHostsTests {
    @Test(arguments: [
        "localhost", "127.0.0.1", "127.255.255.254", "::1", "169.254.169.254", "169.254.170.2", "fd00:ec2::254",
        "metadata.google.internal",
    ])
    func `this machine and its metadata services need no TLS`(host: String) {
        #expect(PlainHosts.contains(host))
    }

    @Test(arguments: [
        "", "example.com", "10.0.0.1", "127.0.0", "127.0.0.1.example.com", "127.example.com", "128.0.0.1",
        "169.253.0.1", "169.254.1", "169.254.1.256", "127.0.0.+1", "127.0.0.", "localhost.example.com",
        "metadata.google.internal.example.com", "::2", "fd00:ec2::255",
    ])
    func `everyone else does, whatever the name looks like`(host: String) {
        #expect(!PlainHosts.contains(host))
    }
}

@Suite struct CredentialSourceTests {
    private func source(_ secrets: [SecretReference: String], client: String = "c") -> CredentialSource {
        CredentialSource(
            identity: .entra(
                EntraIdentity(source: .clientSecret(tenant: "t", client: client, secret: .environment("S")))),
            secrets: secrets.mapValues { Secret(Array($0.utf8)) })
    }

    @Test func `a source is the same with the same identity and secrets only`() {
        let one = source([.environment("S"): "x"])
        #expect(one.isSame(as: source([.environment("S"): "x"])))
        #expect(!one.isSame(as: source([.environment("S"): "y"])))
        #expect(!one.isSame(as: source([.environment("T"): "x"])))
        #expect(!one.isSame(as: source([:])))
        #expect(!one.isSame(as: source([.environment("S"): "x"], client: "d")))
    }

    @Test func `the secrets of a source are found by field`() {
        let (id, secret, token) = (
            SecretReference.environment("I"), SecretReference.environment("S"), SecretReference.file("/t")
        )
        func fields(_ token: SecretReference?) -> [String] {
            CloudIdentity.aws(
                AWSIdentity(
                    region: "r", source: .static(accessKeyID: id, secretAccessKey: secret, sessionToken: token))
            ).secretReferences.map(\.field)
        }
        #expect(fields(nil) == ["accessKeyID", "secretAccessKey"])
        #expect(fields(token) == ["accessKeyID", "secretAccessKey", "sessionToken"])
        #expect(CloudIdentity.google(GoogleIdentity(source: .metadata)).secretReferences.isEmpty)
    }
}
