from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("timers", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="parkedtimer",
            options={
                "permissions": (
                    ("view_live", "Can look at all live timers"),
                    ("steer_live", "Can act on live timers, rooms and the people in them"),
                )
            },
        ),
    ]
