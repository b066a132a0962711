"""What the simulated model server can do wrong, and the body of each error as each vendor words it."""

from __future__ import annotations

import enum

import msgspec


class Fault(enum.StrEnum):
    """One fault; the `cut` ones end a stream after that stage."""

    NONE = "none"
    WRONG_KEY = "wrong key"
    FORBIDDEN = "forbidden"
    UNKNOWN_MODEL = "unknown model"
    WRONG_PATH = "wrong path"
    RATE_LIMITED = "rate limited"
    QUOTA_GONE = "quota gone"
    CONTEXT_TOO_LONG = "context too long"
    BAD_REQUEST = "bad request"
    SERVER_ERROR = "server error"
    OVERLOADED = "overloaded"
    PROXY_PAGE = "proxy page"
    LOGIN_PAGE = "log-in page"
    REDIRECT = "redirect"
    SILENT = "silent"
    ERROR_IN_STREAM = "error in stream"
    LENGTH = "length"
    FILTERED = "filtered"
    CUT_AFTER_HEAD = "cut after head"
    CUT_AFTER_REASONING = "cut after reasoning"
    CUT_AFTER_CONTENT = "cut after content"
    CUT_AFTER_FINISH = "cut after finish"
    CUT_AFTER_USAGE = "cut after usage"


class ErrorShape(msgspec.Struct, frozen=True):
    """One error: its status, its words, and the `code` and `type` that go with them."""

    status: str
    message: str
    code: str = ""
    type: str = "invalid_request_error"
    headers: tuple[str, ...] = ()
    html: bool = False

    def body(self, vendor: str) -> tuple[bytes, str]:
        """Return the body as a vendor sends it, and its content type."""
        if self.html:
            return f"<html><body><h1>{self.message}</h1></body></html>".encode(), "text/html"
        number = int(self.status.split()[0])
        match vendor:
            case "gemini":
                error: object = [{"error": {"code": number, "message": self.message, "status": self.code}}]
            case "anthropic":
                error = {"type": "error", "error": {"type": self.code or self.type, "message": self.message}}
            case "ollama":
                error = {"error": {"message": self.message, "type": "api_error", "param": None, "code": None}}
            case "gateway":
                error = {"error": {"message": self.message, "code": number, "metadata": {"raw": self.code}}}
            case "compatible":
                error = {"object": "error", "message": self.message, "type": self.type, "code": self.code}
            case _:
                named = {"message": self.message, "type": self.type, "param": None, "code": self.code}
                error = {"error": named}
        return msgspec.json.encode(error), "application/json"


ERRORS = {
    Fault.WRONG_KEY: ErrorShape(
        "401 Unauthorized", "Incorrect API key provided", "invalid_api_key", "authentication_error"
    ),
    Fault.FORBIDDEN: ErrorShape("403 Forbidden", "This key may not use the API", "permission_denied"),
    Fault.UNKNOWN_MODEL: ErrorShape("404 Not Found", "The model `x` does not exist", "model_not_found"),
    Fault.WRONG_PATH: ErrorShape("404 Not Found", "Not Found", html=True),
    Fault.RATE_LIMITED: ErrorShape(
        "429 Too Many Requests", "Rate limit reached", "rate_limit_exceeded", headers=("Retry-After: 0",)
    ),
    Fault.QUOTA_GONE: ErrorShape(
        "429 Too Many Requests",
        "You exceeded your current quota, please check your plan and billing details",
        "insufficient_quota",
        "insufficient_quota",
    ),
    Fault.CONTEXT_TOO_LONG: ErrorShape(
        "400 Bad Request", "This model's maximum context length is 8192 tokens", "context_length_exceeded"
    ),
    Fault.BAD_REQUEST: ErrorShape("400 Bad Request", "Unsupported parameter", "unsupported_parameter"),
    Fault.SERVER_ERROR: ErrorShape(
        "500 Internal Server Error", "The server had an error", "server_error", headers=("Retry-After: 0",)
    ),
    Fault.OVERLOADED: ErrorShape("529 Overloaded", "Overloaded", "overloaded_error"),
    Fault.PROXY_PAGE: ErrorShape("403 Forbidden", "Access denied by proxy", html=True),
    Fault.LOGIN_PAGE: ErrorShape("200 OK", "Please log in", html=True),
    Fault.REDIRECT: ErrorShape("302 Found", "Moved", headers=("Location: http://127.0.0.1:1/",), html=True),
}
