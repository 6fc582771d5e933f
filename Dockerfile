# One image for both roles: `python -m tomato.serve` is a web server, `python manage.py run_timers` a worker, which needs a health check of
# its own.
# docker-compose.yml has all of it together; docs/operations.md says what else there is to know.

FROM python:3.11-slim AS build
WORKDIR /srv/tomato
COPY requirements/base.txt requirements/
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements/base.txt
COPY manage.py ./
COPY tomato tomato
COPY timers timers
COPY rooms rooms
COPY operators operators
COPY templates templates
COPY locale locale
ENV PATH=/srv/tomato/.venv/bin:$PATH TOMATO_DATA_DIR=/var/lib/tomato
# Static files need no secret, but nothing of tomato starts without one: this one is for nothing else and stays here.
RUN TOMATO_SECRET_KEY=of-no-use-to-anybody-once-it-is-built python manage.py collectstatic --no-input --verbosity 0

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /srv/tomato --shell /usr/sbin/nologin tomato \
    && install --directory --owner tomato --mode 700 /var/lib/tomato \
    && install --directory --owner tomato /srv/static
WORKDIR /srv/tomato
COPY --from=build /srv/tomato /srv/tomato
COPY --from=build --chown=tomato /var/lib/tomato /var/lib/tomato
ENV PATH=/srv/tomato/.venv/bin:$PATH TOMATO_DATA_DIR=/var/lib/tomato TOMATO_HOST=0.0.0.0 TOMATO_PORT=8000
USER 10001
EXPOSE 8000
# A web process ends its sockets and is gone within 5 s of it, a worker within 1 s.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-m", "tomato.pulse", "web"]
CMD ["python", "-m", "tomato.serve"]
