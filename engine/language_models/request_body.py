"""The body of a request, made from what is asked and the vendor's row: the only reader of its columns."""

from __future__ import annotations

import msgspec

from engine.errors import InvalidInput
from engine.language_models.base import AskedTool, Message, ModelRequest, ToolSpec
from engine.language_models.vendors import Structured, VendorRow

_SCHEMA_NAME = "reply"


def request_body(request: ModelRequest, row: VendorRow) -> bytes:
    """Return the JSON body of `POST /chat/completions`.

    Raises `InvalidInput` for a schema that is not a JSON object.
    """
    body: dict[str, object] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    most_tokens = request.max_output_tokens or row.default_max_tokens
    if most_tokens is not None:
        body[row.max_tokens_field] = most_tokens
    if request.temperature is not None and row.takes_temperature(request.model):
        body["temperature"] = min(request.temperature, row.max_temperature)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.json_schema:
        body |= _response_format(request.json_schema, row.structured_for(request.model))
    return msgspec.json.encode(body)


def _message(message: Message) -> dict[str, object]:
    shaped: dict[str, object] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        # A message that only calls tools has no content at all.
        shaped["content"] = message.content or None
        shaped["tool_calls"] = [_tool_call(call) for call in message.tool_calls]
    if message.tool_call_id:
        shaped["tool_call_id"] = message.tool_call_id
    return shaped


def _tool_call(call: AskedTool) -> dict[str, object]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.call_id, "type": "function", "function": function}


def _tool(tool: ToolSpec) -> dict[str, object]:
    parameters = _json_object("parameters", tool.parameters)
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _response_format(schema_text: str, structured: Structured) -> dict[str, object]:
    schema = _json_object("json_schema", schema_text)
    match structured:
        case Structured.SCHEMA:
            named = {"name": _SCHEMA_NAME, "strict": _can_be_strict(schema), "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case Structured.OBJECT:
            return {"response_format": {"type": "json_object"}}
        case Structured.NONE:
            return {}


def _json_object(field: str, text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise InvalidInput.of(field, text[:60], "allowed is a JSON schema, which is an object") from error


def _can_be_strict(schema: object) -> bool:
    """Return whether a schema is one that strict mode takes: every object closed and every field required."""
    if isinstance(schema, list):
        return all(_can_be_strict(each) for each in schema)
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict):
        required = schema.get("required")
        is_closed = schema.get("additionalProperties") is False
        if not (is_closed and isinstance(required, list) and set(required) == set(properties)):
            return False
    return all(_can_be_strict(each) for each in schema.values())
