# SPDX-License-Identifier: Apache-2.0
# Isobar
"""AWS's official SDK judges the double of Bedrock, its signer the signatures; Anthropic's and OpenAI's SDKs judge what
of theirs Bedrock speaks. Raw requests judge how strict it is."""

import binascii
import contextlib
import json
import struct
import zlib

import anthropic
import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.eventstream
import botocore.exceptions
import openai
import pytest

from doubles import eventstream, model
from doubles.bedrock import Bedrock, is_recent
from doubles.faults import Corrupt, Cut, ErrorInStream, Hint, Page, Refuse
from doubles.signatures import CredentialStore
from judging import CITY, CITY_SCHEMA, PIXEL_PNG, WEATHER_SCHEMA
from processes import ask

pytestmark = pytest.mark.sdks

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
TOOLS = {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": WEATHER_SCHEMA}}}]}
TWO_CALLS = 'Looking.\ncall get_weather {"city": "Pune", "note": "é🎉"}\ncall get_weather {"city": "Delhi"}'
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


@pytest.fixture(scope="module")
def session():
    return boto3.Session()


@pytest.fixture
def server(double):
    return double(Bedrock)


@pytest.fixture
def connect(session, server):
    """Makes clients that show every error at once instead of retrying."""

    def make(key="AKIDDOUBLE000000", secret="double-secret", token=None, region="us-east-1", attempts=1, url=server.url):
        return session.client(
            "bedrock-runtime",
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=botocore.config.Config(retries={"total_max_attempts": attempts}, read_timeout=20),
        )

    return make


@pytest.fixture
def client(connect):
    return connect()


def say(*contents, **members):
    """Arguments of a conversation whose turns alternate."""
    turns = [
        {"role": ("user", "assistant")[index % 2], "content": [{"text": one}] if isinstance(one, str) else one}
        for index, one in enumerate(contents)
    ]
    return {"modelId": MODEL, "messages": turns, **members}


def collect(answer):
    """A stream's events put together again: content, stop reason, usage."""
    blocks, reason, usage = {}, None, None
    for event in answer["stream"]:
        name, data = next(iter(event.items()))
        block = blocks.setdefault(data.get("contentBlockIndex"), {})
        if name == "contentBlockStart":
            block["toolUse"] = {**data["start"]["toolUse"], "input": ""}
        elif name == "contentBlockDelta":
            _add(block, data["delta"])
        elif name == "messageStop":
            reason = data["stopReason"]
        elif name == "metadata":
            usage = data["usage"]
    blocks.pop(None, None)
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
    return [blocks[index] for index in sorted(blocks)], reason, usage


def _add(block, delta):
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        block["toolUse"]["input"] += delta["toolUse"]["input"]
    else:
        thought = block.setdefault("reasoningContent", {"reasoningText": {"text": ""}})["reasoningText"]
        thought["text"] += delta["reasoningContent"].get("text", "")
        thought.update({name: one for name, one in delta["reasoningContent"].items() if name == "signature"})


# Converse


def test_converse_answers_and_counts(client):
    answer = client.converse(**say("Hello there, world", system=[{"text": "Be brief."}]))
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "Hello there, world"}]}
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"] == {"inputTokens": 5, "outputTokens": 3, "totalTokens": 8}
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-input-token-count"] == "5"
    assert answer["ResponseMetadata"]["RequestId"]


def test_a_stream_adds_up_to_the_same_answer(client):
    question = say('think\ncall get_weather {"city": "Pune"}\nWords: é 日本 🎉', toolConfig=TOOLS)
    question["additionalModelRequestFields"] = THINKING
    whole = client.converse(**question)
    content, reason, usage = collect(client.converse_stream(**question))
    assert content == whole["output"]["message"]["content"]
    assert [next(iter(block)) for block in content] == ["reasoningContent", "text", "toolUse"]
    assert reason == whole["stopReason"] == "tool_use"
    assert usage == whole["usage"]


def test_text_has_no_block_start_and_usage_comes_last(client):
    names = [next(iter(event)) for event in client.converse_stream(**say("one two"))["stream"]]
    deltas = ["contentBlockDelta", "contentBlockDelta"]
    assert names == ["messageStart", *deltas, "contentBlockStop", "messageStop", "metadata"]


def test_parallel_calls_take_results(client):
    content, _, _ = collect(client.converse_stream(**say(TWO_CALLS, toolConfig=TOOLS)))
    calls = [block["toolUse"] for block in content if "toolUse" in block]
    assert [call["input"] for call in calls] == [{"city": "Pune", "note": "é🎉"}, {"city": "Delhi"}]
    results = [
        {"toolResult": {"toolUseId": calls[1]["toolUseId"], "content": [{"text": "no such city"}], "status": "error"}},
        {"toolResult": {"toolUseId": calls[0]["toolUseId"], "content": [{"json": {"rain": False}}]}},
    ]
    answer = client.converse(**say(TWO_CALLS, content, results, toolConfig=TOOLS))
    told = answer["output"]["message"]["content"][0]["text"]
    assert told == 'get_weather failed: no such city; get_weather said: {"rain": false}'


def test_tool_choice_decides_who_is_called(client):
    named = client.converse(**say("Hi", toolConfig={**TOOLS, "toolChoice": {"tool": {"name": "get_weather"}}}))
    assert named["output"]["message"]["content"][0]["toolUse"]["input"] == {"city": "text", "note": "text"}
    forced = client.converse(**say("Hi", toolConfig={**TOOLS, "toolChoice": {"any": {}}}))
    assert forced["stopReason"] == "tool_use"


def test_thinking_is_replayed_unmodified(client):
    question = {"toolConfig": TOOLS, "additionalModelRequestFields": THINKING}
    thought, call = client.converse(**say("think\ncall get_weather", **question))["output"]["message"]["content"]
    result = [{"toolResult": {"toolUseId": call["toolUse"]["toolUseId"], "content": [{"text": "dry"}]}}]
    client.converse(**say("think", [thought, call], result, **question))
    thought["reasoningContent"]["reasoningText"]["text"] = "Another thought."
    with pytest.raises(client.exceptions.ValidationException, match="signature"):
        client.converse(**say("think", [thought, call], result, **question))


def test_thinking_of_others_and_a_turn_without_its_thinking_are_refused(client):
    question = {"toolConfig": TOOLS, "additionalModelRequestFields": THINKING}
    thought, call = client.converse(**say("think\ncall get_weather", **question))["output"]["message"]["content"]
    result = [{"toolResult": {"toolUseId": call["toolUse"]["toolUseId"], "content": [{"text": "dry"}]}}]
    foreign = {"reasoningContent": {"redactedContent": b"another's"}}
    with pytest.raises(client.exceptions.ValidationException, match="redacted_thinking"):
        client.converse(**say("think", [thought, foreign, call], result, **question))
    with pytest.raises(client.exceptions.ValidationException, match="Expected `thinking`"):
        client.converse(**say("think", [call], result, **question))


def test_images_and_documents_are_seen(client):
    image = {"image": {"format": "png", "source": {"bytes": PIXEL_PNG}}}
    document = {"document": {"format": "pdf", "name": "Report (1)", "source": {"bytes": b"%PDF-1.4"}}}
    answer = client.converse(**say([{"text": "What?"}, image, document]))
    told = answer["output"]["message"]["content"][0]["text"]
    assert told == f"What? [image/png, {len(PIXEL_PNG)} bytes] [document/pdf, 8 bytes]"


def test_structured_output_obeys_its_schema(client):
    schema = {"jsonSchema": {"schema": json.dumps(CITY_SCHEMA), "name": "city"}}
    config = {"textFormat": {"type": "json_schema", "structure": schema}}
    answer = client.converse(**say("Describe Mumbai", outputConfig=config))
    assert json.loads(answer["output"]["message"]["content"][0]["text"]) == CITY


def test_limits_and_stop_sequences_end_the_answer(client):
    short = client.converse(**say("one two three", inferenceConfig={"maxTokens": 2}))
    assert (short["output"]["message"]["content"][0]["text"], short["stopReason"]) == ("one two ", "max_tokens")
    stopped = client.converse(
        **say(
            "one END", inferenceConfig={"stopSequences": ["END"]}, additionalModelResponseFieldPaths=["/stop_sequence"]
        )
    )
    assert stopped["stopReason"] == "stop_sequence"
    assert stopped["additionalModelResponseFields"] == {"stop_sequence": "END"}


def test_a_test_may_say_what_the_model_answers(client, server):
    usage = model.Usage(input=6, output=7, cache_read=4, cache_write_5m=2, cache_write_1h=1)
    server.model = lambda prompt: model.Reply("No.", finish="guardrail_intervened", usage=usage, redacted=True)
    answer = client.converse(**say("Hi"))
    assert answer["stopReason"] == "guardrail_intervened"
    assert answer["usage"]["cacheDetails"] == [{"ttl": "1h", "inputTokens": 1}, {"ttl": "5m", "inputTokens": 2}]
    assert (answer["usage"]["inputTokens"], answer["usage"]["totalTokens"]) == (6, 20)
    _, reason, _ = collect(client.converse_stream(**say("Hi")))
    assert reason == "guardrail_intervened"


def test_models_come_percent_encoded_in_one_segment(client, server):
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    client.converse(**{**say("Hi"), "modelId": arn})
    assert server.last.path == f"/model/{arn.replace(':', '%3A').replace('/', '%2F')}/converse"


# InvokeModel and what else is spoken

MESSAGE = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "one two"}],
}


def test_claude_is_invoked_whole_and_streamed(client):
    answer = json.loads(client.invoke_model(modelId=MODEL, body=json.dumps(MESSAGE))["body"].read())
    assert answer["content"] == [{"type": "text", "text": "one two"}]
    stream = client.invoke_model_with_response_stream(modelId=MODEL, body=json.dumps(MESSAGE))["body"]
    events = [json.loads(event["chunk"]["bytes"]) for event in stream]
    assert [event["type"] for event in events][:2] == ["message_start", "content_block_start"]
    assert events[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] == 2


def test_anthropic_s_sdk_speaks_to_bedrock(server):
    with anthropic.AnthropicBedrock(
        base_url=server.url,
        aws_region="us-east-1",
        aws_access_key="AKIDDOUBLE000000",
        aws_secret_key="double-secret",
        max_retries=0,
    ) as client:
        question = {"model": "us.anthropic.claude-opus-5-5", "max_tokens": 9, "messages": MESSAGE["messages"]}
        assert client.messages.create(**question).content[0].text == "one two"
        with client.messages.stream(**question) as stream:
            assert stream.get_final_text() == "one two"
        with pytest.raises(anthropic.BadRequestError, match="not available for this model"):
            client.messages.create(**{**question, "model": MODEL})


def test_openai_s_sdk_speaks_to_bedrock_with_a_key(server):
    with openai.OpenAI(base_url=f"{server.url}/openai/v1", api_key="double-key", max_retries=0) as client:
        question = {"model": "us.openai.gpt-oss-120b", "messages": [{"role": "user", "content": "one two"}]}
        assert client.chat.completions.create(**question).choices[0].message.content == "one two"
        with pytest.raises(openai.BadRequestError, match="isn't supported on this route"):
            client.chat.completions.create(**{**question, "model": "openai.gpt-oss-120b"})


def test_the_sdks_of_both_sign_for_mantle(double):
    mantle = double(Bedrock, service="bedrock-mantle")
    with anthropic.AnthropicBedrockMantle(
        base_url=f"{mantle.url}/anthropic",
        aws_region="us-east-1",
        aws_access_key="AKIDDOUBLE000000",
        aws_secret_key="double-secret",
        max_retries=0,
    ) as client:
        question = {"model": "anthropic.claude-opus-5-5", "max_tokens": 9, "messages": MESSAGE["messages"]}
        assert client.messages.create(**question).content[0].text == "one two"
    for secret, expectation in (
        ("double-secret", contextlib.nullcontext()),
        ("wrong", pytest.raises(openai.PermissionDeniedError)),
    ):
        with expectation, openai.BedrockOpenAI(
            base_url=f"{mantle.url}/openai/v1",
            aws_region="us-east-1",
            aws_access_key_id="AKIDDOUBLE000000",
            aws_secret_access_key=secret,
            max_retries=0,
        ) as client:
            question = {"model": "openai.gpt-oss-120b", "messages": MESSAGE["messages"]}
            assert client.chat.completions.create(**question).choices[0].message.content == "one two"


def test_tokens_are_counted_for_models_and_not_for_inference_profiles(client):
    model, messages = MODEL.removeprefix("us."), say("one two three")["messages"]
    assert client.count_tokens(modelId=model, input={"converse": {"messages": messages}})["inputTokens"] == 3
    body = json.dumps(MESSAGE).encode()
    assert client.count_tokens(modelId=model, input={"invokeModel": {"body": body}})["inputTokens"] == 2
    with pytest.raises(client.exceptions.ValidationException, match="doesn't support counting tokens"):
        client.count_tokens(modelId=MODEL, input={"converse": {"messages": messages}})


@pytest.mark.parametrize(
    ("name", "body", "find"),
    [
        (
            "amazon.titan-embed-text-v2:0",
            {"inputText": "one two", "dimensions": 256},
            lambda answer: answer["embedding"],
        ),
        (
            "amazon.titan-embed-text-v2:0",
            {"inputText": "one two", "dimensions": 256, "embeddingTypes": ["float"]},
            lambda answer: answer["embeddingsByType"]["float"],
        ),
        (
            "cohere.embed-v4:0",
            {"texts": ["one two"], "input_type": "search_query", "output_dimension": 256},
            lambda answer: answer["embeddings"][0],
        ),
        (
            "amazon.nova-2-multimodal-embeddings-v1:0",
            {
                "taskType": "SINGLE_EMBEDDING",
                "singleEmbeddingParams": {
                    "embeddingPurpose": "GENERIC_INDEX",
                    "embeddingDimension": 256,
                    "text": {"truncationMode": "END", "value": "one two"},
                },
            },
            lambda answer: answer["embeddings"][0]["embedding"],
        ),
    ],
)
def test_embeddings_are_made(client, name, body, find):
    answer = client.invoke_model(modelId=name, body=json.dumps(body))
    assert find(json.loads(answer["body"].read())) == model.vector("one two", 256)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-input-token-count"] == "2"


# Signatures


def test_a_wrong_secret_is_refused(connect):
    client = connect(secret="wrong")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.converse(**say("Hi"))
    assert error.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_an_unknown_key_is_refused(connect):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        connect(key="AKIDOTHER").converse(**say("Hi"))
    assert error.value.response["Error"]["Code"] == "UnrecognizedClientException"


def test_another_region_s_signature_is_refused(connect):
    with pytest.raises(botocore.exceptions.ClientError, match="valid region, not 'eu-west-1'"):
        connect(region="eu-west-1").converse(**say("Hi"))


def test_another_service_s_signature_is_refused(double, connect):
    mantle = double(Bedrock, service="bedrock-mantle")
    with pytest.raises(botocore.exceptions.ClientError, match="correct service: 'bedrock-mantle'"):
        connect(url=mantle.url).converse(**say("Hi"))


def test_temporary_credentials_need_their_token(server, connect):
    server.credentials.add("ASIADOUBLE", "temporary", token="session-token")
    connect(key="ASIADOUBLE", secret="temporary", token="session-token").converse(**say("Hi"))
    for token in (None, "other-token"):
        with pytest.raises(botocore.exceptions.ClientError):
            connect(key="ASIADOUBLE", secret="temporary", token=token).converse(**say("Hi"))
    server.credentials.add("ASIADOUBLE", "temporary", token="session-token", expires=1)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        connect(key="ASIADOUBLE", secret="temporary", token="session-token").converse(**say("Hi"))
    assert error.value.response["Error"]["Code"] == "ExpiredTokenException"


def test_a_clock_too_far_ahead_is_refused_and_told(server, client):
    server.clock_ahead = 600
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.converse(**say("Hi"))
    assert error.value.response["Error"]["Code"] == "RequestExpired"
    server.clock_ahead = 240
    client.converse(**say("Hi"))


def test_a_bearer_key_needs_no_signature(server):
    body = {"messages": say("Hi")["messages"]}
    for key, status in (("double-key", 200), ("wrong", 403), (None, 403)):
        headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
        assert ask(server.port, "POST", "/model/m/converse", body, headers).status == status


def test_worked_signatures_of_public_vectors_hold(double):
    """The double's own judge makes the signature that was computed by hand for this request."""
    store = CredentialStore()
    store.add("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    server = double(Bedrock, credentials=store)
    server.now = lambda: 1440938160
    scope = "AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request"
    signatures = {
        "anthropic.claude-3-haiku-20240307-v1%3A0": "b2d89376425920647b8197be6560da5f53c4d9cc5ac66b56efafa43ba66c9022",
        "anthropic.claude-3-haiku-20240307-v1:0": "81a602e88508442c4cef48bb53081990c53fb0e804f67717db07fe09990b3b9e",
    }
    for segment, signature in signatures.items():
        headers = {
            "Host": "bedrock-runtime.us-east-1.amazonaws.com",
            "Content-Type": "application/json",
            "X-Amz-Date": "20150830T123600Z",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host;x-amz-date, "
            f"Signature={signature}",
        }
        body = b'{"messages":[{"role":"user","content":[{"text":"hi"}]}]}'
        assert ask(server.port, "POST", f"/model/{segment}/converse", body, headers).status == 200
        assert ask(server.port, "POST", f"/model/{segment}/converse", body + b" ", headers).status == 403


def test_what_must_be_signed_is_signed_and_what_must_not_is_not(server, monkeypatch):
    def send(sign, add=()):
        """Signs with these headers, then adds others."""
        signer = botocore.auth.SigV4Auth(
            botocore.credentials.Credentials("AKIDDOUBLE000000", "double-secret"), "bedrock", "us-east-1"
        )
        body = json.dumps({"messages": say("Hi")["messages"]})
        url = f"{server.url}/model/m/converse"
        request = botocore.awsrequest.AWSRequest("POST", url, {"content-type": "application/json", **sign}, data=body)
        signer.add_auth(request)
        return ask(server.port, "POST", "/model/m/converse", body, {**dict(request.headers), **dict(add)}).status

    assert send({}) == 200
    assert send({}, {"x-amz-extra": "1"}) == 403
    assert send({"x-amz-extra": "1"}) == 200
    monkeypatch.setattr(botocore.auth, "SIGNED_HEADERS_BLACKLIST", [])
    assert send({"connection": "keep-alive"}) == 403


# Errors


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("invalid", "ValidationException", 400),
        ("exhausted", "ServiceQuotaExceededException", 400),
        ("forbidden", "AccessDeniedException", 403),
        ("model_not_found", "ResourceNotFoundException", 404),
        ("timeout", "ModelTimeoutException", 408),
        ("rate", "ThrottlingException", 429),
        ("internal", "InternalServerException", 500),
        ("overloaded", "ServiceUnavailableException", 503),
    ],
)
def test_a_refusal_is_the_sdk_s_own_exception(client, server, kind, code, status):
    server.faults.add(Refuse(kind))
    with pytest.raises(getattr(client.exceptions, code)) as error:
        client.converse(**say("Hi"))
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_fault_may_name_any_exception(client, server):
    server.faults.add(Refuse("internal", code="ModelErrorException"))
    with pytest.raises(client.exceptions.ModelErrorException) as error:
        client.converse(**say("Hi"))
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424


def test_the_sdk_retries_past_a_storm(server, connect):
    server.faults.add(Refuse("rate", hint=Hint("seconds", 0)))
    server.faults.add(Page(503, b""))
    connect(attempts=3).converse(**say("Hi"))
    assert [request.status for request in server.requests] == [429, 503, 200]


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize(
    ("kind", "code"), [("rate", "throttlingException"), ("overloaded", "serviceUnavailableException")]
)
def test_an_exception_inside_a_stream_is_raised_after_its_content(client, server, after, kind, code):
    server.faults.add(ErrorInStream(kind, after=after, message="slow down"))
    received = []
    with pytest.raises(botocore.exceptions.EventStreamError) as error:
        for event in client.converse_stream(**say("one two three"))["stream"]:
            received += [event] if "contentBlockDelta" in event else []
    assert error.value.response["Error"] == {"Code": code, "Message": "slow down"}
    assert len(received) == after


def test_an_error_frame_is_raised_too(client, server):
    server.faults.add(ErrorInStream(after=1, bare=True))
    with pytest.raises(botocore.exceptions.EventStreamError) as error:
        list(client.converse_stream(**say("one two three"))["stream"])
    assert error.value.response["Error"]["Code"] == "InternalError"


def test_a_wrong_checksum_ends_the_stream(client, server):
    server.faults.add(Corrupt(after=1))
    with pytest.raises(botocore.eventstream.ChecksumMismatch):
        list(client.converse_stream(**say("one two three"))["stream"])


def test_a_cut_stream_breaks_the_connection(client, server):
    server.faults.add(Cut(after=1))
    with pytest.raises(Exception) as error:
        list(client.converse_stream(**say("one two three"))["stream"])
    assert any(word in repr(error.value) for word in ("IncompleteRead", "ended prematurely", "Connection"))
    server.faults.add(Cut(after=1, how="end"))
    names = [next(iter(event)) for event in client.converse_stream(**say("one two three"))["stream"]]
    assert names == ["messageStart", "contentBlockDelta"]


# Frames


@pytest.mark.parametrize(
    ("data", "digits"),
    [
        (
            eventstream.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}}),
            "0000009400000057b4ab9aee0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a636f6e74656e742d"
            "747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22636f6e74656e74"
            "426c6f636b496e646578223a302c2264656c7461223a7b2274657874223a224869227d7d1f944657",
        ),
        (
            eventstream.exception("throttlingException", {"message": "slow"}),
            "0000008300000061a9d144e50f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f"
            "6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700096578636570746"
            "96f6e7b226d657373616765223a22736c6f77227d9350311c",
        ),
        (eventstream.frame({}, b""), "000000100000000005c248eb7d98c8ff"),
    ],
)
def test_frames_are_those_computed_elsewhere(data, digits):
    assert data.hex() == digits


def test_frames_decode_with_botocore_however_they_are_cut():
    frames = [eventstream.event("chunk", {"n": number, "text": "né"}) for number in range(3)]
    data = b"".join([*frames, eventstream.error("InternalError", "oops")])
    buffer = botocore.eventstream.EventStreamBuffer()
    messages = []
    for start in range(0, len(data), 7):
        buffer.add_data(data[start : start + 7])
        messages += list(buffer)
    assert [json.loads(one.payload)["n"] for one in messages[:3]] == [0, 1, 2]
    assert messages[3].headers[":error-code"] == "InternalError"
    total, headers, checksum = struct.unpack(">III", frames[0][:12])
    assert total == len(frames[0]) and checksum == zlib.crc32(frames[0][:8]) == binascii.crc32(frames[0][:8])


# Strictness


def user(*blocks):
    return {"role": "user", "content": [{"text": one} if isinstance(one, str) else one for one in blocks]}


def assistant(*blocks):
    return {**user(*blocks), "role": "assistant"}


CALL = {"toolUse": {"toolUseId": "t1", "name": "get_weather", "input": {}}}
RESULT = {"toolResult": {"toolUseId": "t1", "content": [{"text": "dry"}]}}
DOCUMENT = {"document": {"format": "pdf", "name": "Report", "source": {"bytes": "AAAA"}}}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [user("a"), user("b")]}, "must alternate"),
        ({"messages": [assistant("a")]}, "must start with a user message"),
        ({"messages": [{"role": "system", "content": [{"text": "a"}]}]}, "system role"),
        ({"messages": [user()]}, "is empty"),
        ({"messages": [user("")]}, "blank"),
        ({"messages": [user(" ")]}, "blank"),
        ({"messages": [user({"text": "a", "image": {}})]}, "Exactly one of"),
        ({"messages": [user({"image": {"format": "jpg", "source": {"bytes": "AAAA"}}})]}, "enum value set"),
        ({"messages": [user({"image": {"format": "png", "source": {"bytes": "not base64!"}}})]}, "base64"),
        ({"messages": [user(DOCUMENT)]}, "text block must be included"),
        ({"messages": [user("a", {"document": {**DOCUMENT["document"], "name": "a.pdf"}})]}, "document file name"),
        ({"messages": [user("a"), assistant(DOCUMENT), user("b")]}, "only be in a user message"),
        ({"messages": [user("a"), assistant(CALL), user(RESULT)]}, "toolConfig field must be defined"),
        ({"messages": [user("a"), assistant(CALL), user("b")], "toolConfig": TOOLS}, "Expected toolResult blocks"),
        ({"messages": [user(RESULT)], "toolConfig": TOOLS}, "are more than the toolUse"),
        (
            {"messages": [user("a"), assistant({"toolUse": {**CALL["toolUse"], "input": "x"}}), user(RESULT)]},
            "toolUse.input is invalid",
        ),
        (
            {"messages": [user("a"), assistant({"toolUse": {**CALL["toolUse"], "toolUseId": "a b"}}), user(RESULT)]},
            "toolUseId",
        ),
        (
            {
                "messages": [user("a"), assistant(CALL), user({"toolResult": {"toolUseId": "t1", "content": []}})],
                "toolConfig": TOOLS,
            },
            "content of a toolResult must not be empty",
        ),
        ({"toolConfig": {"tools": []}}, "toolConfig.tools"),
        ({"toolConfig": {"tools": [{"toolSpec": {"name": "f"}}]}}, "toolConfig.tools.0.toolSpec.inputSchema"),
        (
            {"toolConfig": {"tools": [{"toolSpec": {"name": "a.b", "inputSchema": {"json": WEATHER_SCHEMA}}}]}},
            "pattern",
        ),
        ({"toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]}}, "json.type"),
        ({"toolConfig": {**TOOLS, "toolChoice": {"tool": {"name": "g"}}}}, "is not in tools"),
        (
            {"toolConfig": {**TOOLS, "toolChoice": {"any": {}}}, "additionalModelRequestFields": THINKING},
            "forces tool use",
        ),
        ({"inferenceConfig": {"temperature": 1.5}}, "inferenceConfig.temperature"),
        ({"inferenceConfig": {"maxTokens": 0}}, "inferenceConfig.maxTokens"),
        ({"inferenceConfig": {"topK": 5}}, "extraneous key [topK]"),
        ({"max_tokens": 5}, "extraneous key [max_tokens]"),
        ({"system": [{"text": ""}]}, "system.0.text"),
        ({"serviceTier": {"type": "auto"}}, "serviceTier.type"),
        ({"requestMetadata": {}}, "requestMetadata"),
        (
            {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": {}}}}}},
            "schema",
        ),
        ({"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 9}}}, "budget_tokens"),
    ],
)
def test_what_bedrock_refuses_is_refused(server, members, message):
    answer = post(server, {"messages": [user("Hi")], **members})
    assert answer.status == 400, answer.body
    assert answer.headers["x-amzn-errortype"].startswith("ValidationException")
    assert message in answer.json["message"]


def test_a_message_for_bedrock_names_neither_model_nor_stream(server):
    for name, value in (("model", MODEL), ("stream", True)):
        answer = post(server, {**MESSAGE, name: value}, "invoke")
        assert f"extraneous key [{name}]" in answer.json["message"]
    assert post(server, {**MESSAGE, "anthropic_version": "2023-06-01"}, "invoke").status == 400
    assert post(server, MESSAGE, "invoke").status == 200


def test_claude_s_age_is_read_from_its_name():
    old = (
        "claude-3-haiku-20240307-v1:0",
        "claude-sonnet-4-5-20250929-v1:0",
        "claude-opus-4-20250514",
        "claude-opus-4-6-v1",
    )
    assert not any(is_recent(f"us.anthropic.{name}") for name in old)
    assert all(is_recent(f"anthropic.{name}") for name in ("claude-opus-4-7", "claude-opus-5-5", "claude-sonnet-5"))


def test_paths_are_known_and_models_are_one_segment(server):
    assert post(server, {"messages": [user("Hi")]}, "other").status == 404
    path = "/model/arn:aws:bedrock:us-east-1:1:inference-profile/x/converse"
    assert ask(server.port, "POST", path, {"messages": [user("Hi")]}, HEADERS).status == 404


HEADERS = {"authorization": "Bearer double-key", "content-type": "application/json"}


def post(server, body, operation="converse"):
    return ask(server.port, "POST", f"/model/{MODEL.replace(':', '%3A')}/{operation}", body, HEADERS)
