import requests

from keras_hashing.serving.metrics import Metrics
from tests.exporting.images import photo

BODY = {"instances": [photo(9, 7).tolist()]}


def samples(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_counts_and_durations_have_tensorflow_servings_names():
    metrics = Metrics()
    metrics.observe_request("m", "OK", 0.000_02)
    metrics.observe_request("m", "OK", 0.5)
    metrics.observe_request("m", "ERROR", 100.0)
    found = samples(metrics.text().decode())
    assert found[':tensorflow:serving:request_count{model_name="m",status="OK"}'] == 2
    assert found[':tensorflow:serving:request_count{model_name="m",status="ERROR"}'] == 1
    labels = 'API="Predict",entrypoint="REST",'
    latency = ":tensorflow:serving:request_latency"
    assert found[f'{latency}_bucket{{{labels}le="32.0",model_name="m"}}'] == 1
    assert found[f'{latency}_bucket{{{labels}le="+Inf",model_name="m"}}'] == 3
    assert found[f'{latency}_sum{{{labels[:-1]},model_name="m"}}'] == 100_500_020


def test_runs_are_counted_beside_requests():
    metrics = Metrics()
    metrics.observe_run("m", 0.25)
    found = samples(metrics.text().decode())
    runtime = ":tensorflow:serving:runtime_latency"
    assert found[f'{runtime}_sum{{API="Predict",model_name="m"}}'] == 250_000
    assert found[f'{runtime}_count{{API="Predict",model_name="m"}}'] == 1


def test_the_server_shows_them_for_served_models_only(local_server):
    url = f"{local_server.url}/v1/models/plain:predict"
    requests.post(url, json=BODY, timeout=60)
    requests.post(url, data=b"{", timeout=60)
    requests.post(f"{local_server.url}/v1/models/stranger:predict", json=BODY, timeout=60)
    answer = requests.get(f"{local_server.url}/monitoring/prometheus/metrics", timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    count = ':tensorflow:serving:request_count{model_name="plain",status="%s"}'
    assert float(samples[count % "OK"]) >= 1
    assert float(samples[count % "ERROR"]) >= 1
    latency = ":tensorflow:serving:request_latency_count"
    assert any(line.startswith(f'{latency}{{API="Predict"') for line in lines)
    runtime = ':tensorflow:serving:runtime_latency_count{API="Predict",model_name="plain"}'
    assert 1 <= float(samples[runtime]) <= float(samples[count % "OK"])
    assert "stranger" not in answer.text
    query = requests.get(f"{local_server.url}/monitoring/prometheus/metrics?x=1", timeout=60)
    assert query.status_code == 400
