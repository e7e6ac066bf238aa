# Rung for those who want a container: docker build -t rung . && docker run -v "$PWD:/lab" rung check /lab
FROM python:3.11-slim
WORKDIR /opt/rung
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY src src
COPY examples examples
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock \
 && python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
 && useradd --create-home rung
USER rung
WORKDIR /lab
ENTRYPOINT ["rung"]
