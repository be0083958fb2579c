{{- define "lastly.name" -}}
{{- printf "%s" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "lastly.selector" -}}
app.kubernetes.io/name: lastly
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lastly.labels" -}}
{{ include "lastly.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "lastly.probe" }}
httpGet:
  path: {{ .path }}
  port: http
  scheme: {{ ternary "HTTPS" "HTTP" (ne .values.tlsSecret "") }}
{{- end -}}

{{/* A setting as the environment takes it: numbers to the last digit (never 1.6777216e+07), lists with commas. */}}
{{- define "lastly.setting" -}}
{{- if kindIs "slice" . -}}
{{- $items := list -}}
{{- range . }}{{ $items = append $items (include "lastly.setting" .) }}{{ end -}}
{{- join "," $items -}}
{{- else if kindIs "string" . -}}
{{- . -}}
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}
