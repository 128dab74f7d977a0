{{- define "gitops-mcp.name" -}}
{{- if contains "gitops-mcp" .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}{{ printf "%s-gitops-mcp" .Release.Name | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "gitops-mcp.labels" -}}
app.kubernetes.io/name: gitops-mcp
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gitops-mcp.metadata" -}}
name: {{ include "gitops-mcp.name" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "gitops-mcp.labels" . | nindent 2 }}
{{- end }}
