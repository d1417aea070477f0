"""A Python agent with OpenTelemetry and OpenInference, as its documentation has it; python-agent.pb is what it sent.

pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http openinference-instrumentation openinference-semantic-conventions
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 python python-agent.py
"""
from openinference.instrumentation import OITracer, TraceConfig, using_session
from openinference.semconv.trace import OpenInferenceLLMSystemValues, SpanAttributes
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import StatusCode

provider = TracerProvider(resource=Resource.create({"service.name": "py-planner", "service.namespace": "travel", "service.version": "2.1.0"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = OITracer(provider.get_tracer("py-planner"), TraceConfig())

with using_session("trip-17"):
    with tracer.start_as_current_span("plan", openinference_span_kind="agent") as agent:
        agent.set_input("Three days in Ghent")
        with tracer.start_as_current_span("ask the model", openinference_span_kind="llm") as llm:
            llm.set_attributes({
                SpanAttributes.LLM_MODEL_NAME: "small-1",
                SpanAttributes.LLM_SYSTEM: OpenInferenceLLMSystemValues.OPENAI.value,
                SpanAttributes.LLM_TOKEN_COUNT_PROMPT: 41,
                SpanAttributes.LLM_TOKEN_COUNT_COMPLETION: 17,
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": "Three days in Ghent",
            })
            llm.set_status(StatusCode.OK)
        try:
            with tracer.start_as_current_span("look up trains", openinference_span_kind="tool") as tool:
                tool.set_attribute(SpanAttributes.TOOL_NAME, "timetable")
                raise TimeoutError("the timetable did not answer")
        except TimeoutError:
            pass
        agent.set_output("Day one: the castle")
        agent.set_status(StatusCode.OK)
provider.shutdown()
