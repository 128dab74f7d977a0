{{- define "postgres.name" -}}{{ .Release.Name }}-pg{{- end }}
{{- define "postgres.instances" -}}{{ max 1 (int .Values.instances) }}{{- end }}
