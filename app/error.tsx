'use client'
import { ErrorPage } from '#components/shell/ErrorPage.tsx'

export default ErrorPage
