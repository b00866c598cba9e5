# sign-windows.ps1 <program>: signs a Windows program with Azure Trusted Signing. Runs on Windows only.
# Environment: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, and NATSJOB_AZURE_ENDPOINT, _ACCOUNT and _PROFILE.
param([Parameter(Mandatory)][string] $Program)
$ErrorActionPreference = 'Stop'
Install-Module -Name TrustedSigning -MinimumVersion 0.5.0 -Force -Repository PSGallery -Scope CurrentUser
Invoke-TrustedSigning -Endpoint $env:NATSJOB_AZURE_ENDPOINT -CodeSigningAccountName $env:NATSJOB_AZURE_ACCOUNT `
  -CertificateProfileName $env:NATSJOB_AZURE_PROFILE -Files (Resolve-Path $Program).Path -FileDigest SHA256 `
  -TimestampRfc3161 'http://timestamp.acs.microsoft.com' -TimestampDigest SHA256
if ((Get-AuthenticodeSignature $Program).Status -ne 'Valid') { throw "$Program carries no valid signature" }
