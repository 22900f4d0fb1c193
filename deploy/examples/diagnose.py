#!/usr/bin/env python3
"""Diagnoses a target through the public gRPC API, and prints what happens as it happens.

    apt-get install python3-grpcio python3-protobuf protobuf-compiler
    protoc -I proto --python_out=build/python $(cd proto && find probemesh google -name '*.proto')
    PYTHONPATH=build/python deploy/examples/diagnose.py admin.context https://www.example.com
"""
import json
import sys

import grpc

from probemesh.v1 import diagnosis_pb2, diagnosis_service_pb2


def connect(context_file):
    with open(context_file) as file:
        context = json.load(file)
    credentials = grpc.ssl_channel_credentials(
        context["caPem"].encode(), context["keyPem"].encode(), context["certificatePem"].encode()
    )
    # Coordinators are reached by addresses that change; their certificate always has this name.
    return grpc.secure_channel(
        context["endpoint"], credentials, [("grpc.ssl_target_name_override", "probemesh-coordinator")]
    )


def diagnose(channel, target):
    call = channel.unary_stream(
        "/probemesh.v1.DiagnosisService/Diagnose",
        request_serializer=diagnosis_service_pb2.CreateDiagnosisRequest.SerializeToString,
        response_deserializer=diagnosis_service_pb2.DiagnosisEvent.FromString,
    )
    return call(
        diagnosis_service_pb2.CreateDiagnosisRequest(spec=diagnosis_pb2.DiagnosisSpec(target=target)),
        timeout=30,
    )


def verdict(judgement):
    name = diagnosis_pb2.Judgement.Verdict.Name(judgement.verdict)
    return f"{name} ({judgement.confidence:.2f}): {judgement.summary}"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: diagnose.py CONTEXT-FILE TARGET")
    for event in diagnose(connect(sys.argv[1]), sys.argv[2]):
        kind = event.WhichOneof("event")
        offset = event.offset.ToTimedelta().total_seconds()
        if kind == "observation":
            probe = event.observation.spec.WhichOneof("kind")
            print(f"{offset:6.3f}s  {event.observation.node}: {probe}")
        elif kind == "provisional":
            print(f"{offset:6.3f}s  so far: {verdict(event.provisional)}")
        elif kind == "done":
            print(f"{offset:6.3f}s  {verdict(event.done.diagnosis)}")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"diagnose.py: {error.code().name}: {error.details()}")
