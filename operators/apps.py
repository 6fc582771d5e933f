"""The app of those who run the site, and Django's admin with their own site in it."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class OperatorsConfig(AppConfig):
    name = "operators"


class TomatoAdminConfig(AdminConfig):
    default_site = "operators.site.TomatoAdminSite"
