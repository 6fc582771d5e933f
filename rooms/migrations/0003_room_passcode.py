from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rooms', '0002_room_maker'),
    ]

    operations = [
        migrations.AddField(
            model_name='room',
            name='passcode',
            field=models.CharField(blank=True, editable=False, max_length=128),
        ),
    ]
